-- Who acts through a session or a token, as of now: the one place that says when either still holds. Run as the
-- caller, under the policies. `version` changes with any change of the member's row or of the linked end user.
CREATE FUNCTION actor_version(member_row xid, end_user uuid) RETURNS bigint LANGUAGE sql STABLE AS
  $$ SELECT hashtextextended(member_row::text || coalesce(end_user::text, ''), 0) $$;

CREATE FUNCTION session_actor(key uuid) RETURNS TABLE (id uuid, account_id uuid, member_id uuid, name text, email text,
  language text, roles text[], reach_billing_accounts uuid[], reach_cost_centres uuid[], invoice_accounts uuid[],
  portal text, end_user_id uuid, auth_time timestamptz, used_at timestamptz, expires_at timestamptz, version bigint)
  LANGUAGE sql STABLE AS $$
  SELECT s.id, m.account_id, m.id, m.name, m.email, coalesce(s.language, m.language), m.roles,
    m.reach_billing_accounts, m.reach_cost_centres, m.invoice_accounts, s.portal, e.id, s.auth_time, s.seen_at,
    s.expires_at, actor_version(m.xmin, e.id)
  FROM portal_session s
  JOIN member m ON m.tenant_id = s.tenant_id AND m.id = s.member_id AND m.state = 'active'
  JOIN tenant t ON t.id = s.tenant_id AND t.state = 'active'
  LEFT JOIN LATERAL (SELECT u.id FROM end_user u WHERE s.portal = 'user' AND u.tenant_id = m.tenant_id
    AND u.member_id = m.id ORDER BY u.id LIMIT 1) e ON true
  WHERE s.id = key AND s.ended_at IS NULL AND s.expires_at > now() AND s.seen_at > now() - interval '8 hours' $$;

CREATE FUNCTION token_actor(key uuid) RETURNS TABLE (id uuid, account_id uuid, member_id uuid, name text, email text,
  language text, roles text[], reach_billing_accounts uuid[], reach_cost_centres uuid[], invoice_accounts uuid[],
  portal text, end_user_id uuid, auth_time timestamptz, used_at timestamptz, expires_at timestamptz, version bigint)
  LANGUAGE sql STABLE AS $$
  SELECT k.id, m.account_id, m.id, m.name, m.email, m.language, m.roles, m.reach_billing_accounts,
    m.reach_cost_centres, m.invoice_accounts,
    CASE WHEN m.roles <@ ARRAY['end_user'] THEN 'user' ELSE 'manager' END, e.id, NULL::timestamptz, k.last_used_at, k.expires_at, actor_version(m.xmin, e.id)
  FROM api_token k
  JOIN member m ON m.tenant_id = k.tenant_id AND m.id = k.member_id AND m.state = 'active'
  JOIN tenant t ON t.id = k.tenant_id AND t.state = 'active'
  LEFT JOIN LATERAL (SELECT u.id FROM end_user u WHERE m.roles <@ ARRAY['end_user'] AND u.tenant_id = m.tenant_id
    AND u.member_id = m.id ORDER BY u.id LIMIT 1) e ON true
  WHERE k.id = key AND k.revoked_at IS NULL AND k.expires_at > now() $$;

-- Opens every scope of a person, in the same round trip as BEGIN.
CREATE FUNCTION check_actor(kind text, key uuid, expected bigint) RETURNS void LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF kind = 'session' THEN PERFORM FROM session_actor(key) a WHERE a.version = expected;
  ELSE PERFORM FROM token_actor(key) a WHERE a.version = expected;
  END IF;
  IF NOT FOUND THEN RAISE EXCEPTION 'the actor has changed' USING ERRCODE = 'FL001'; END IF;
END $$;
