-- Made and owned by the search role: the fleet's view, and lookups that come before the tenant is known.

-- LIKE is not leakproof, so under a policy it cannot use an index (79 ms instead of 1). The fleet is therefore read
-- through this view: its own predicate names the tenant, and the planner may push LIKE below it.
-- The view also owns the join to requests, so that the lists of lines need not know their tables: whether an item is
-- open on the line, and the references of the requests. A column that is not selected costs nothing.
CREATE VIEW fleet AS
  SELECT id, tenant_id, msisdn, status, product_type, plan, options, billing_account_id, account, cost_centre_id,
    end_user_id, name, name_key, search, sim_number, sim_kind,
    EXISTS (SELECT FROM change_order_item i WHERE i.tenant_id = line.tenant_id AND i.line_id = line.id
      AND i.state IN ('waiting', 'sent', 'in_progress', 'held')) AS open_order,
    ARRAY(SELECT o.reference FROM change_order_item i JOIN change_order o ON o.tenant_id = i.tenant_id
      AND o.id = i.order_id WHERE i.tenant_id = line.tenant_id AND i.line_id = line.id
      AND i.state IN ('waiting', 'sent', 'in_progress', 'held') ORDER BY o.reference) AS open_orders
  FROM line WHERE tenant_id = current_setting('app.tenant_id')::uuid;
GRANT SELECT ON fleet TO fleetline_app;

-- The tenant of a session, an API token, an item, a public link: by a secret's hash, or by an id that cannot be guessed.
CREATE FUNCTION directory_session(key bytea) RETURNS TABLE (tenant_id uuid, id uuid) LANGUAGE sql STABLE
  SECURITY DEFINER SET search_path = public, pg_temp AS
  $$ SELECT s.tenant_id, s.id FROM portal_session s WHERE s.token_hash = key $$;

CREATE FUNCTION directory_token(key bytea) RETURNS TABLE (tenant_id uuid, id uuid) LANGUAGE sql STABLE
  SECURITY DEFINER SET search_path = public, pg_temp AS
  $$ SELECT t.tenant_id, t.id FROM api_token t WHERE t.token_hash = key $$;

CREATE FUNCTION directory_item(key uuid) RETURNS TABLE (tenant_id uuid, id uuid) LANGUAGE sql STABLE
  SECURITY DEFINER SET search_path = public, pg_temp AS
  $$ SELECT i.tenant_id, i.id FROM change_order_item i WHERE i.id = key $$;

CREATE FUNCTION directory_batch(key uuid) RETURNS TABLE (tenant_id uuid, id uuid) LANGUAGE sql STABLE
  SECURITY DEFINER SET search_path = public, pg_temp AS
  $$ SELECT i.tenant_id, i.batch_id FROM change_order_item i WHERE i.batch_id = key LIMIT 1 $$;

CREATE FUNCTION directory_public_link(key bytea) RETURNS TABLE (tenant_id uuid, id uuid) LANGUAGE sql STABLE
  SECURITY DEFINER SET search_path = public, pg_temp AS
  $$ SELECT l.tenant_id, l.id FROM public_link l WHERE l.token_hash = key $$;

-- Where an account is a member.
CREATE FUNCTION directory_memberships(key uuid) RETURNS TABLE (tenant_id uuid, id uuid) LANGUAGE sql STABLE
  SECURITY DEFINER SET search_path = public, pg_temp AS
  $$ SELECT m.tenant_id, m.id FROM member m JOIN tenant t ON t.id = m.tenant_id
     WHERE m.account_id = key AND m.state = 'active' AND t.state = 'active' ORDER BY t.name $$;

-- The same whatever the state of member and company: a new password ends what was opened with the old one.
CREATE FUNCTION directory_members(key uuid) RETURNS TABLE (tenant_id uuid, id uuid) LANGUAGE sql STABLE
  SECURITY DEFINER SET search_path = public, pg_temp AS
  $$ SELECT m.tenant_id, m.id FROM member m WHERE m.account_id = key ORDER BY m.tenant_id $$;

CREATE FUNCTION directory_tenant(key text) RETURNS uuid LANGUAGE sql STABLE
  SECURITY DEFINER SET search_path = public, pg_temp AS $$ SELECT t.id FROM tenant t WHERE t.slug = key $$;

-- For sweeps: every active tenant, and those that wait for a carrier.
CREATE FUNCTION directory_tenants() RETURNS TABLE (id uuid) LANGUAGE sql STABLE
  SECURITY DEFINER SET search_path = public, pg_temp AS
  $$ SELECT t.id FROM tenant t WHERE t.state = 'active' ORDER BY t.id $$;

CREATE FUNCTION directory_open_items() RETURNS TABLE (id uuid) LANGUAGE sql STABLE
  SECURITY DEFINER SET search_path = public, pg_temp AS
  $$ SELECT DISTINCT i.tenant_id FROM change_order_item i WHERE i.state IN ('sent', 'in_progress', 'held') $$;

-- For the command line: every tenant, and the one that has a request.
CREATE FUNCTION directory_every_tenant() RETURNS TABLE (id uuid) LANGUAGE sql STABLE
  SECURITY DEFINER SET search_path = public, pg_temp AS $$ SELECT t.id FROM tenant t ORDER BY t.slug $$;

CREATE FUNCTION directory_order(key text) RETURNS TABLE (tenant_id uuid, id uuid) LANGUAGE sql STABLE
  SECURITY DEFINER SET search_path = public, pg_temp AS
  $$ SELECT o.tenant_id, o.id FROM change_order o WHERE o.reference = key $$;

-- Which of these numbers have a live line anywhere. Numbers only, no owner.
CREATE FUNCTION directory_numbers_taken(numbers text[]) RETURNS SETOF text LANGUAGE sql STABLE
  SECURITY DEFINER SET search_path = public, pg_temp AS
  $$ SELECT l.msisdn FROM line l WHERE l.msisdn = ANY(numbers)
     AND l.status NOT IN ('released_prepaid', 'released_private', 'terminated', 'aborted') $$;

-- Which of these SIM numbers are in use anywhere. A card in another customer's stock counts as one in use: no answer
-- tells the two apart.
CREATE FUNCTION directory_sims_taken(numbers text[]) RETURNS SETOF text LANGUAGE sql STABLE
  SECURITY DEFINER SET search_path = public, pg_temp AS
  $$ SELECT l.sim_number FROM line l WHERE l.sim_number = ANY(numbers)
       AND l.status NOT IN ('released_prepaid', 'released_private', 'terminated', 'aborted')
     UNION SELECT s.number FROM sim_card s WHERE s.number = ANY(numbers) AND (s.state <> 'stock'
       OR s.tenant_id IS DISTINCT FROM nullif(current_setting('app.tenant_id', true), '')::uuid) $$;

-- The line that has a number now, or had it last, and one that waits for it where there is no other; among the lines that the caller sees: an import of one tenant asks it.
CREATE FUNCTION lines_of_numbers(numbers text[]) RETURNS TABLE (msisdn text, tenant_id uuid, id uuid) LANGUAGE sql STABLE
  AS $$
  SELECT DISTINCT ON (l.msisdn) l.msisdn, l.tenant_id, l.id FROM unnest(numbers) AS n (number)
  JOIN line l ON l.msisdn = n.number
  ORDER BY l.msisdn, CASE WHEN l.status IN ('ordered', 'pending_active', 'aborted') THEN 2
    WHEN l.status IN ('released_prepaid', 'released_private', 'terminated') THEN 1 ELSE 0 END, l.id DESC $$;

-- The same among all lines: a usage file names numbers of many tenants.
CREATE FUNCTION directory_lines(numbers text[]) RETURNS TABLE (msisdn text, tenant_id uuid, id uuid) LANGUAGE sql STABLE
  SECURITY DEFINER SET search_path = public, pg_temp AS
  $$ SELECT o.msisdn, o.tenant_id, o.id FROM lines_of_numbers(numbers) o $$;

-- The lines that have a number now, with any customer.
CREATE FUNCTION directory_holders(number text) RETURNS TABLE (tenant_id uuid, id uuid) LANGUAGE sql STABLE
  SECURITY DEFINER SET search_path = public, pg_temp AS
  $$ SELECT l.tenant_id, l.id FROM line l WHERE l.msisdn = number AND l.status NOT IN ('ordered', 'pending_active',
     'released_prepaid', 'released_private', 'terminated', 'aborted') ORDER BY l.id $$;

-- Only the app may look up.
REVOKE ALL ON FUNCTION directory_session, directory_token, directory_item, directory_batch, directory_public_link, directory_memberships,
  directory_members, directory_tenant, directory_tenants, directory_open_items, directory_every_tenant, directory_order,
  directory_numbers_taken, directory_sims_taken, directory_lines, directory_holders, lines_of_numbers FROM PUBLIC;
GRANT EXECUTE ON FUNCTION directory_session, directory_token, directory_item, directory_batch, directory_public_link, directory_memberships,
  directory_members, directory_tenant, directory_tenants, directory_open_items, directory_every_tenant, directory_order,
  directory_numbers_taken, directory_sims_taken, directory_lines, directory_holders, lines_of_numbers TO fleetline_app;
