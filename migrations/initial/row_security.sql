-- What each login may do. That every table is bound to the tenant of the scope is said by `isolate`, not here.
GRANT USAGE ON SCHEMA public TO fleetline_app, fleetline_relay, fleetline_search;

-- The app. History and files are never changed.
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO fleetline_app;
REVOKE UPDATE, DELETE ON audit_event, timeline_entry FROM fleetline_app;
REVOKE UPDATE ON document FROM fleetline_app;
-- The tables that no policy guards: each right by its name. The keys that sign and the tokens of the operator's staff are
-- made with the owner's login: whoever has the app's must not make himself one.
REVOKE ALL ON account, sign_in_attempt, issuer_session, authorization_code, access_token, issuer_key, operator_token,
  recurring_run, migration FROM fleetline_app;
GRANT SELECT ON issuer_key TO fleetline_app;
GRANT SELECT, UPDATE (last_used_at) ON operator_token TO fleetline_app;
GRANT SELECT, INSERT, UPDATE (mobile, password_hash) ON account TO fleetline_app;
GRANT SELECT, INSERT, UPDATE (failures, last_at, locked_until), DELETE ON sign_in_attempt TO fleetline_app;
GRANT SELECT, INSERT, UPDATE (used_at, expires_at), DELETE ON authorization_code TO fleetline_app;
GRANT SELECT, INSERT, DELETE ON issuer_session, access_token, recurring_run TO fleetline_app;

-- The relay sees the outbox and nothing else, and may only mark what it handed over.
CREATE POLICY relay ON outbox TO fleetline_relay USING (true) WITH CHECK (true);
GRANT SELECT, UPDATE (sent_at, not_before) ON outbox TO fleetline_relay;

CREATE FUNCTION outbox_wake() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN IF EXISTS (SELECT FROM written) THEN PERFORM pg_notify('fleetline_outbox', ''); END IF; RETURN NULL; END $$;
CREATE TRIGGER outbox_wake AFTER INSERT ON outbox REFERENCING NEW TABLE AS written
  FOR EACH STATEMENT EXECUTE FUNCTION outbox_wake();

-- The search role, for what directory.sql makes. It reads across tenants, and nobody logs in as it.
CREATE POLICY vetted ON line FOR SELECT TO fleetline_search USING (true);
CREATE POLICY directory ON tenant FOR SELECT TO fleetline_search USING (true);
CREATE POLICY directory ON member FOR SELECT TO fleetline_search USING (true);
CREATE POLICY directory ON portal_session FOR SELECT TO fleetline_search USING (true);
CREATE POLICY directory ON api_token FOR SELECT TO fleetline_search USING (true);
CREATE POLICY directory ON change_order FOR SELECT TO fleetline_search USING (true);
CREATE POLICY directory ON change_order_item FOR SELECT TO fleetline_search USING (true);
CREATE POLICY directory ON sim_card FOR SELECT TO fleetline_search USING (true);
CREATE POLICY directory ON public_link FOR SELECT TO fleetline_search USING (true);
GRANT SELECT ON line, tenant, member, portal_session, api_token, change_order, change_order_item, sim_card, public_link
  TO fleetline_search;
