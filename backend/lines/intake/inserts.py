"""The statements that write lines and their users, in sets."""

INSERT_USERS = """
INSERT INTO end_user (id, tenant_id, given_name, family_name, email, language)
SELECT id, $1, given, family, email, language
FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[]) AS t (id, given, family, email, language)
"""


INSERT_LINES = """
INSERT INTO line (id, tenant_id, msisdn, status, product_type, plan, options, barrings, billing_account_id, account,
  cost_centre_id, end_user_id, name, name_key, search, sim_number, sim_kind, puk_sealed, roaming_cap_cents,
  companion_sim, split_profile, debt_block, activated_on)
SELECT t.id, $1, t.msisdn, t.status, t.product_type, t.plan, string_to_array(t.options, '|'), '{}', a.id, a.number,
  c.id, t.end_user_id, t.name, t.name_key, t.search, t.sim_number, t.sim_kind, t.puk, t.cap, '', '', false, t.day
FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
  $10::uuid[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::bytea[], $17::int[], $18::date[])
  AS t (id, msisdn, status, product_type, plan, options, account, centre, end_user_id, name, name_key, search,
    sim_number, sim_kind, puk, cap, day)
JOIN billing_account a ON a.number = t.account
LEFT JOIN cost_centre c ON c.code = t.centre
"""
