-- What table classes cannot say: composite foreign keys, and column details. One paragraph a table.
-- (tenant_id, id) is the key that others refer to, so a reference across tenants cannot be written.

ALTER TABLE inbox ALTER COLUMN id SET DATA TYPE bigint;
ALTER TABLE inbox ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY;

ALTER TABLE set_aside_message ADD FOREIGN KEY (tenant_id) REFERENCES tenant (id);

ALTER TABLE timeline_entry ALTER COLUMN id SET DATA TYPE bigint;
ALTER TABLE timeline_entry ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY;

ALTER TABLE issuer_session ADD FOREIGN KEY (account_id) REFERENCES account (id) ON DELETE CASCADE;

ALTER TABLE authorization_code ADD FOREIGN KEY (account_id) REFERENCES account (id) ON DELETE CASCADE;

ALTER TABLE access_token ADD FOREIGN KEY (account_id) REFERENCES account (id) ON DELETE CASCADE;

-- Files are compressed already.
ALTER TABLE document ALTER COLUMN content SET STORAGE EXTERNAL;
ALTER TABLE document ADD FOREIGN KEY (tenant_id) REFERENCES tenant (id);
ALTER TABLE document ADD FOREIGN KEY (tenant_id, uploaded_by) REFERENCES member (tenant_id, id);

ALTER TABLE document_attachment ADD FOREIGN KEY (tenant_id, document_id) REFERENCES document (tenant_id, id)
  ON DELETE CASCADE;

ALTER TABLE public_link ADD FOREIGN KEY (tenant_id) REFERENCES tenant (id);

ALTER TABLE member ADD FOREIGN KEY (tenant_id) REFERENCES tenant (id);
ALTER TABLE member ADD FOREIGN KEY (account_id) REFERENCES account (id);

ALTER TABLE portal_session ADD FOREIGN KEY (tenant_id, member_id) REFERENCES member (tenant_id, id) ON DELETE CASCADE;

ALTER TABLE api_token ADD FOREIGN KEY (tenant_id, member_id) REFERENCES member (tenant_id, id) ON DELETE CASCADE;

ALTER TABLE organisation ADD FOREIGN KEY (tenant_id) REFERENCES tenant (id);

ALTER TABLE billing_account ADD FOREIGN KEY (tenant_id, organisation_id) REFERENCES organisation (tenant_id, id);
ALTER TABLE billing_account ADD FOREIGN KEY (tenant_id, parent_id) REFERENCES billing_account (tenant_id, id);

ALTER TABLE end_user ADD FOREIGN KEY (tenant_id, member_id) REFERENCES member (tenant_id, id);

ALTER TABLE line ADD FOREIGN KEY (tenant_id, billing_account_id) REFERENCES billing_account (tenant_id, id);
ALTER TABLE line ADD FOREIGN KEY (tenant_id, cost_centre_id) REFERENCES cost_centre (tenant_id, id);
ALTER TABLE line ADD FOREIGN KEY (tenant_id, end_user_id) REFERENCES end_user (tenant_id, id);

ALTER TABLE inventory_sync ADD FOREIGN KEY (tenant_id) REFERENCES tenant (id);

ALTER TABLE held_line_end ADD FOREIGN KEY (tenant_id, line_id) REFERENCES line (tenant_id, id);

ALTER TABLE sim_card ADD FOREIGN KEY (tenant_id) REFERENCES tenant (id);
ALTER TABLE sim_card ADD FOREIGN KEY (tenant_id, line_id) REFERENCES line (tenant_id, id);

ALTER TABLE esim_profile ADD FOREIGN KEY (tenant_id, line_id) REFERENCES line (tenant_id, id);

ALTER TABLE reserved_number ADD FOREIGN KEY (tenant_id) REFERENCES tenant (id);
ALTER TABLE reserved_number ADD FOREIGN KEY (tenant_id, line_id) REFERENCES line (tenant_id, id);

ALTER TABLE split_agreement ADD FOREIGN KEY (tenant_id, line_id) REFERENCES line (tenant_id, id);
ALTER TABLE split_agreement ADD FOREIGN KEY (tenant_id, end_user_id) REFERENCES end_user (tenant_id, id);

ALTER TABLE notification ADD FOREIGN KEY (tenant_id, member_id) REFERENCES member (tenant_id, id) ON DELETE CASCADE;

ALTER TABLE saved_view ADD FOREIGN KEY (tenant_id, member_id) REFERENCES member (tenant_id, id) ON DELETE CASCADE;

ALTER TABLE change_order ADD FOREIGN KEY (tenant_id, requester_id) REFERENCES member (tenant_id, id);

ALTER TABLE change_order_item ADD FOREIGN KEY (tenant_id, order_id) REFERENCES change_order (tenant_id, id);
ALTER TABLE change_order_item ADD FOREIGN KEY (tenant_id, line_id) REFERENCES line (tenant_id, id);


ALTER TABLE port_in_case ADD FOREIGN KEY (tenant_id, line_id) REFERENCES line (tenant_id, id);

ALTER TABLE departure ADD FOREIGN KEY (tenant_id, line_id) REFERENCES line (tenant_id, id);

-- One record per tenant and id. No foreign key to the line: it would be checked a million times a file, and the
-- statement of the import joins the line anyway.
ALTER TABLE usage_record DROP CONSTRAINT usage_record_pkey, ADD PRIMARY KEY (tenant_id, record_id);

ALTER TABLE usage_month ADD FOREIGN KEY (tenant_id, line_id) REFERENCES line (tenant_id, id);

ALTER TABLE usage_bucket ADD FOREIGN KEY (tenant_id, line_id) REFERENCES line (tenant_id, id);

ALTER TABLE alert_check_queue ADD FOREIGN KEY (tenant_id, line_id) REFERENCES line (tenant_id, id);

ALTER TABLE usage_alert ADD FOREIGN KEY (tenant_id, line_id) REFERENCES line (tenant_id, id);

ALTER TABLE usage_cap_raise ADD FOREIGN KEY (tenant_id, line_id) REFERENCES line (tenant_id, id);

ALTER TABLE bulk_upload ADD FOREIGN KEY (tenant_id, document_id) REFERENCES document (tenant_id, id);
ALTER TABLE bulk_upload ADD FOREIGN KEY (tenant_id, requester_id) REFERENCES member (tenant_id, id);
ALTER TABLE bulk_upload ADD FOREIGN KEY (tenant_id, order_id) REFERENCES change_order (tenant_id, id);

ALTER TABLE bulk_row ADD FOREIGN KEY (tenant_id, upload_id) REFERENCES bulk_upload (tenant_id, id) ON DELETE CASCADE;
ALTER TABLE bulk_row ADD FOREIGN KEY (tenant_id, line_id) REFERENCES line (tenant_id, id);
