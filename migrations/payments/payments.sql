-- What table classes cannot say of online payments: keys between tables, what is held once, indexes, who may do what.
ALTER TABLE payment ADD FOREIGN KEY (tenant_id) REFERENCES tenant (id);
ALTER TABLE payment ADD FOREIGN KEY (tenant_id, member_id) REFERENCES member (tenant_id, id);
CREATE UNIQUE INDEX payment_session ON payment (session_id) WHERE session_id <> '';
CREATE UNIQUE INDEX payment_intent ON payment (intent_id) WHERE intent_id <> '';
CREATE INDEX payment_newest ON payment (tenant_id, created_at DESC, id);
CREATE INDEX payment_pending ON payment ((coalesce(checked_at, created_at)), id)
  WHERE state IN ('created', 'requires_action', 'processing', 'unknown');

ALTER TABLE payment_share ADD FOREIGN KEY (tenant_id, payment_id) REFERENCES payment (tenant_id, id);
ALTER TABLE payment_share ADD FOREIGN KEY (tenant_id, billing_account_id) REFERENCES billing_account (tenant_id, id);
ALTER TABLE payment_share ADD FOREIGN KEY (tenant_id, invoice_id) REFERENCES invoice (tenant_id, id);
CREATE INDEX payment_share_invoice ON payment_share (tenant_id, invoice_id);

ALTER TABLE payment_refund ADD FOREIGN KEY (tenant_id, payment_id) REFERENCES payment (tenant_id, id);
CREATE UNIQUE INDEX payment_refund_provider ON payment_refund (provider_id) WHERE provider_id <> '';

ALTER TABLE provider_customer ADD FOREIGN KEY (tenant_id) REFERENCES tenant (id);

CREATE INDEX provider_event_open ON provider_event (tenant_id, received_at) WHERE handled_at IS NULL;
CREATE INDEX payment_case_open ON payment_case (tenant_id, state, received_at) WHERE state <> 'closed';

GRANT SELECT, INSERT, UPDATE ON payment, payment_refund, provider_cursor, payment_case TO fleetline_app;
GRANT SELECT, INSERT ON payment_share, provider_customer TO fleetline_app;
GRANT SELECT, INSERT, UPDATE (handled_at), DELETE ON provider_event TO fleetline_app;

-- A payment is looked up by the service's id before its company is known.
CREATE POLICY directory ON payment FOR SELECT TO fleetline_search USING (true);
GRANT SELECT (tenant_id, id, session_id, intent_id, state, created_at, checked_at) ON payment TO fleetline_search;
