-- What table classes cannot say of deliveries and reminders: keys between tables, indexes, who may do what.
ALTER TABLE invoice_delivery ADD FOREIGN KEY (tenant_id, billing_account_id)
  REFERENCES billing_account (tenant_id, id);
CREATE INDEX invoice_delivery_open ON invoice_delivery (tenant_id, changed_at) WHERE confirmed_at IS NULL;

ALTER TABLE invoice_reminder ADD FOREIGN KEY (tenant_id, billing_account_id)
  REFERENCES billing_account (tenant_id, id);
ALTER TABLE invoice_reminder ADD FOREIGN KEY (tenant_id, oldest_invoice_id) REFERENCES invoice (tenant_id, id);
CREATE INDEX invoice_reminder_blocked ON invoice_reminder (tenant_id, billing_account_id)
  WHERE lifted_at IS NULL AND blocked_line_ids <> '{}';
CREATE INDEX invoice_reminder_invoices ON invoice_reminder USING gin (invoice_ids);
-- What is overdue is looked for every hour
CREATE INDEX invoice_overdue ON invoice (tenant_id, billing_account_id, due_on) WHERE open_cents > 0;

GRANT SELECT, INSERT, UPDATE ON invoice_delivery, invoice_reminder TO fleetline_app;
