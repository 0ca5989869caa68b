-- What table classes cannot say of invoices: keys between tables, numbers held once, indexes, who may do what.
ALTER TABLE billing_import_item ADD FOREIGN KEY (tenant_id, import_id) REFERENCES billing_import (tenant_id, id)
  ON DELETE CASCADE;
ALTER TABLE billing_import ALTER COLUMN content SET STORAGE EXTERNAL;

-- One document of an issuer, type and number holds the number.
CREATE UNIQUE INDEX received_document_number ON received_document (tenant_id, issuer, type_code, number)
  WHERE state IN ('received', 'booked', 'unassigned', 'personal');
CREATE INDEX received_document_hash ON received_document (tenant_id, content_sha256);
CREATE INDEX received_document_open ON received_document (tenant_id, state, received_at) WHERE state <> 'booked';

ALTER TABLE invoice ADD FOREIGN KEY (tenant_id) REFERENCES tenant (id);
ALTER TABLE invoice ADD FOREIGN KEY (tenant_id, billing_account_id) REFERENCES billing_account (tenant_id, id);
CREATE INDEX invoice_newest ON invoice (tenant_id, issued_on DESC, number DESC, id);
CREATE INDEX invoice_account ON invoice (tenant_id, billing_account_id, issued_on DESC, number DESC, id);
CREATE INDEX invoice_open ON invoice (tenant_id, billing_account_id) WHERE open_cents <> 0;
-- Also looked up before the company is known.
CREATE INDEX invoice_structured ON invoice (structured, tenant_id) WHERE structured <> '';
CREATE INDEX invoice_open_amount ON invoice (open_cents) WHERE open_cents > 0;
CREATE INDEX invoice_open_number ON invoice (number) WHERE open_cents > 0;

ALTER TABLE invoice_vat ADD FOREIGN KEY (tenant_id, invoice_id) REFERENCES invoice (tenant_id, id);

ALTER TABLE invoice_charge ADD FOREIGN KEY (tenant_id, invoice_id) REFERENCES invoice (tenant_id, id);
ALTER TABLE invoice_charge ADD FOREIGN KEY (tenant_id, line_id) REFERENCES line (tenant_id, id);
CREATE INDEX invoice_charge_number ON invoice_charge (tenant_id, msisdn, invoice_id) WHERE msisdn <> '';

ALTER TABLE invoice_file ADD FOREIGN KEY (tenant_id, invoice_id) REFERENCES invoice (tenant_id, id);
ALTER TABLE invoice_file ALTER COLUMN content SET STORAGE EXTERNAL;

-- What changed a balance is written once: two workers, and an event that comes twice, meet here.
ALTER TABLE ledger_entry ADD FOREIGN KEY (tenant_id, billing_account_id) REFERENCES billing_account (tenant_id, id);
ALTER TABLE ledger_entry ADD FOREIGN KEY (tenant_id, invoice_id) REFERENCES invoice (tenant_id, id);
CREATE UNIQUE INDEX ledger_entry_once ON ledger_entry (tenant_id, kind, provider_id, invoice_id) NULLS NOT DISTINCT;
CREATE INDEX ledger_entry_account ON ledger_entry (tenant_id, billing_account_id, at);
CREATE INDEX ledger_entry_invoice ON ledger_entry (tenant_id, invoice_id);

-- One content of an account and number is imported.
CREATE UNIQUE INDEX bank_statement_number ON bank_statement (tenant_id, account, number) WHERE state = 'imported';
CREATE INDEX bank_statement_day ON bank_statement (tenant_id, account, closed_on) WHERE state = 'imported';
CREATE INDEX bank_statement_state ON bank_statement (tenant_id, state, received_at);
ALTER TABLE bank_movement ADD FOREIGN KEY (tenant_id, statement_id) REFERENCES bank_statement (tenant_id, id);
ALTER TABLE bank_movement ADD FOREIGN KEY (tenant_id, reverses) REFERENCES bank_movement (tenant_id, id);
-- A movement is taken back once.
CREATE UNIQUE INDEX bank_movement_reverses ON bank_movement (tenant_id, reverses) WHERE reverses IS NOT NULL;
CREATE INDEX bank_movement_open ON bank_movement (tenant_id, state, booked_on)
  WHERE state IN ('proposed', 'unmatched', 'received', 'claimed');
CREATE INDEX bank_movement_matched ON bank_movement (tenant_id, cents) WHERE state = 'matched';

GRANT SELECT, INSERT, UPDATE, DELETE ON billing_import, billing_import_item, received_document, invoice, invoice_charge,
  bank_statement, bank_movement TO fleetline_app;
-- Files, VAT and the ledger are never changed.
GRANT SELECT, INSERT ON invoice_vat, invoice_file, ledger_entry TO fleetline_app;

-- A customer number is looked up before its company is known.
CREATE POLICY directory ON organisation FOR SELECT TO fleetline_search USING (true);
CREATE POLICY directory ON billing_account FOR SELECT TO fleetline_search USING (true);
GRANT SELECT ON organisation, billing_account TO fleetline_search;

-- So is the communication of a payment.
CREATE POLICY directory ON invoice FOR SELECT TO fleetline_search USING (true);
GRANT SELECT (tenant_id, id, books_as, structured, number, account, buyer_name, open_cents, issued_on) ON invoice
  TO fleetline_search;
