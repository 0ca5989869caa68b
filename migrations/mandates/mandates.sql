-- What table classes cannot say of mandates: keys between tables, what is held once, who may do what.
ALTER TABLE mandate ADD FOREIGN KEY (tenant_id, billing_account_id) REFERENCES billing_account (tenant_id, id);
ALTER TABLE mandate ADD FOREIGN KEY (tenant_id, member_id) REFERENCES member (tenant_id, id);
ALTER TABLE mandate ADD FOREIGN KEY (tenant_id, replaces_id) REFERENCES mandate (tenant_id, id);
ALTER TABLE payment ADD FOREIGN KEY (tenant_id, mandate_id) REFERENCES mandate (tenant_id, id);
-- A customer number has one mandate in force.
CREATE UNIQUE INDEX mandate_in_force ON mandate (tenant_id, billing_account_id) WHERE state IN ('signed', 'active', 'suspended');
-- Never given twice by one creditor, and never used again.
CREATE UNIQUE INDEX mandate_reference ON mandate (reference) WHERE reference <> '';
CREATE UNIQUE INDEX mandate_session ON mandate (session_id) WHERE session_id <> '';
CREATE UNIQUE INDEX mandate_provider ON mandate (provider_id) WHERE provider_id <> '';
CREATE INDEX mandate_newest ON mandate (tenant_id, created_at DESC, id);
CREATE INDEX invoice_collect_on ON invoice (id) WHERE collect_on IS NOT NULL;

GRANT SELECT, INSERT, UPDATE ON mandate TO fleetline_app;

-- A mandate is looked up by the service's id before its company is known.
CREATE POLICY directory ON mandate FOR SELECT TO fleetline_search USING (true);
GRANT SELECT (tenant_id, id, session_id, provider_id, state, signed_at, collected_on) ON mandate TO fleetline_search;
GRANT SELECT (collect_on) ON invoice TO fleetline_search;
