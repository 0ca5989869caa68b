-- What is unique on the whole platform, or while a state lasts (domain 3.1, 4.8).

-- One live line per number of a company. Of two companies both may have one for a while: the number is on its way from
-- one to the other. A number that the carrier has not given yet is '', and many lines may wait for theirs.
CREATE UNIQUE INDEX line_live_number ON line (tenant_id, msisdn)
  WHERE msisdn <> '' AND status NOT IN ('released_prepaid', 'released_private', 'terminated', 'aborted');
-- One open item per line and kind.
CREATE UNIQUE INDEX item_open ON change_order_item (tenant_id, line_id, kind)
  WHERE state IN ('waiting', 'sent', 'in_progress', 'held');
CREATE UNIQUE INDEX order_request_key ON change_order (tenant_id, requester_id, request_key)
  WHERE request_key IS NOT NULL;
-- A card is in use at most once, and a number is kept for at most one customer.
CREATE UNIQUE INDEX sim_live ON sim_card (number) WHERE state NOT IN ('replaced', 'retired');
CREATE UNIQUE INDEX number_reserved ON reserved_number (msisdn);
CREATE UNIQUE INDEX agreement_open ON split_agreement (tenant_id, line_id, state) WHERE state <> 'ended';
-- A message is sent once by its key, by mail or by SMS, and stands once in the portal.
CREATE UNIQUE INDEX notification_sent ON notification (tenant_id, key) WHERE channel <> 'portal';
CREATE UNIQUE INDEX notification_shown ON notification (tenant_id, key) WHERE channel = 'portal';

-- Lists of the fleet, one for each order in which they are read.
CREATE INDEX line_by_name ON line (tenant_id, name_key, id);
CREATE INDEX line_by_number ON line (tenant_id, msisdn, id);
CREATE INDEX line_by_plan ON line (tenant_id, plan, name_key, id);
CREATE INDEX line_by_status ON line (tenant_id, status, name_key, id);
CREATE INDEX line_by_account ON line (tenant_id, account, name_key, id);
CREATE INDEX line_by_user ON line (tenant_id, end_user_id) WHERE end_user_id IS NOT NULL;

-- Lookups across tenants: see directory.sql.
CREATE INDEX line_number ON line (msisdn);
CREATE INDEX line_by_sim ON line (sim_number) WHERE sim_number <> '';

CREATE INDEX end_user_by_member ON end_user (tenant_id, member_id) WHERE member_id IS NOT NULL;
CREATE INDEX member_by_account ON member (account_id);
CREATE INDEX end_user_by_email ON end_user (tenant_id, email) WHERE email <> '';
CREATE INDEX session_by_member ON portal_session (tenant_id, member_id);
CREATE INDEX sim_by_line ON sim_card (tenant_id, line_id);
CREATE INDEX sim_in_stock ON sim_card (tenant_id, number) WHERE state = 'stock';
CREATE INDEX esim_by_line ON esim_profile (tenant_id, line_id, created_at DESC);
CREATE INDEX esim_by_item ON esim_profile (tenant_id, item_id);
CREATE INDEX esim_undelivered ON esim_profile (tenant_id) WHERE mail_refused IS NOT NULL;

CREATE INDEX view_shared ON saved_view (tenant_id, page, name_key) WHERE shared;

CREATE INDEX order_by_time ON change_order (tenant_id, created_at DESC, id DESC);
CREATE INDEX order_drafts ON change_order (tenant_id, requester_id, touched_at DESC) WHERE state = 'draft';
CREATE INDEX item_by_order ON change_order_item (tenant_id, order_id, position);
CREATE INDEX agreement_by_item ON split_agreement (tenant_id, item_id);
CREATE INDEX item_by_line ON change_order_item (tenant_id, line_id);
CREATE INDEX item_batch ON change_order_item (batch_id) WHERE batch_id IS NOT NULL;
CREATE INDEX item_unheard ON change_order_item (tenant_id, last_contact_at) WHERE state IN ('sent', 'in_progress', 'held');
CREATE INDEX port_by_line ON port_in_case (tenant_id, line_id);
CREATE INDEX departure_by_line ON departure (tenant_id, line_id);
CREATE INDEX departure_undelivered ON departure (tenant_id) WHERE mail_refused IS NOT NULL;

CREATE INDEX audit_by_subject ON audit_event (tenant_id, subject_id, at DESC);
-- Ids are unique over all kinds of subjects, so the kind need not be in it.
CREATE INDEX timeline_by_subject ON timeline_entry (tenant_id, subject_id, at DESC, id DESC);
CREATE INDEX inbox_open ON inbox (tenant_id, source, id) WHERE handled_at IS NULL;
CREATE INDEX set_aside_open ON set_aside_message (tenant_id, subject) WHERE state = 'open';
CREATE INDEX outbox_due ON outbox (not_before) WHERE failed_at IS NULL;
CREATE INDEX outbox_by_job ON outbox (tenant_id, job) WHERE failed_at IS NULL;

CREATE INDEX usage_record_by_line ON usage_record (tenant_id, line_id, started_at);
CREATE INDEX usage_month_by_period ON usage_month (tenant_id, period);
CREATE INDEX usage_alert_open ON usage_alert (tenant_id, audience, period) WHERE closed_at IS NULL;

CREATE INDEX notification_by_member ON notification (tenant_id, member_id, portal, created_at DESC, id DESC)
  WHERE channel = 'portal';
CREATE INDEX notification_unread ON notification (tenant_id, member_id, portal)
  WHERE channel = 'portal' AND read_at IS NULL;

-- Recipients that the last message could not reach: few.
CREATE INDEX notification_refused ON notification (tenant_id, recipient)
  WHERE refused IS NOT NULL AND superseded_at IS NULL;

CREATE INDEX public_link_by_subject ON public_link (tenant_id, subject_id);
CREATE INDEX bulk_upload_by_time ON bulk_upload (tenant_id, created_at DESC);
CREATE INDEX attachment_by_subject ON document_attachment (tenant_id, subject_id);
CREATE INDEX bulk_upload_by_document ON bulk_upload (tenant_id, document_id);

-- `db setup` makes both extensions; a database made in another way gets them here, where its owner may.
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS btree_gin;
CREATE INDEX line_search ON line USING gin (tenant_id, search gin_trgm_ops);
CREATE INDEX line_options ON line USING gin (tenant_id, options);
