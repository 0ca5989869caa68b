-- Proofs and disputes: keys between tables, one dispute of a charge at a time, indexes, who may do what.
ALTER TABLE charge_proof ADD FOREIGN KEY (tenant_id, invoice_id) REFERENCES invoice (tenant_id, id);
ALTER TABLE charge_proof ADD FOREIGN KEY (tenant_id, charge_id) REFERENCES invoice_charge (tenant_id, id)
  ON DELETE CASCADE;
CREATE INDEX charge_proof_invoice ON charge_proof (tenant_id, invoice_id, verdict);
CREATE INDEX charge_proof_use ON charge_proof (tenant_id, reason) WHERE verdict <> 'proven';

ALTER TABLE invoice_dispute ADD FOREIGN KEY (tenant_id, invoice_id) REFERENCES invoice (tenant_id, id);
ALTER TABLE invoice_dispute ADD FOREIGN KEY (tenant_id, billing_account_id) REFERENCES billing_account (tenant_id, id);
ALTER TABLE invoice_dispute ADD FOREIGN KEY (tenant_id, credit_note_id) REFERENCES invoice (tenant_id, id);
-- Two people who dispute the same charge meet here.
CREATE UNIQUE INDEX invoice_dispute_charge ON invoice_dispute (tenant_id, charge_id)
  WHERE charge_id IS NOT NULL AND state IN ('open', 'accepted', 'credited');
CREATE UNIQUE INDEX invoice_dispute_amount ON invoice_dispute (tenant_id, invoice_id)
  WHERE charge_id IS NULL AND state IN ('open', 'accepted');
CREATE INDEX invoice_dispute_invoice ON invoice_dispute (tenant_id, invoice_id, opened_at);
CREATE INDEX invoice_dispute_waiting ON invoice_dispute (tenant_id, state, opened_at) WHERE state IN ('open', 'accepted');

GRANT SELECT, INSERT, DELETE ON charge_proof TO fleetline_app;
GRANT SELECT, INSERT, UPDATE ON invoice_dispute TO fleetline_app;
