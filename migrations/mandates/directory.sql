-- The mandate of a hosted page, or a mandate at the service, by that one's own id.
CREATE FUNCTION directory_mandate(key text) RETURNS TABLE (tenant_id uuid, id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
  $$ SELECT m.tenant_id, m.id FROM mandate m WHERE (m.session_id = key AND m.session_id <> '')
     OR (m.provider_id = key AND m.provider_id <> '') LIMIT 1 $$;

-- Invoices whose day of collection has come, after one of them, in the order of their ids.
CREATE FUNCTION directory_due_debits(day date, after uuid, count int) RETURNS TABLE (tenant_id uuid, id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
  $$ SELECT i.tenant_id, i.id FROM invoice i WHERE i.collect_on <= day AND i.id > after ORDER BY i.id LIMIT count $$;

-- Mandates in force under which nothing was collected since a day.
CREATE FUNCTION directory_lapsed_mandates(day date, count int) RETURNS TABLE (tenant_id uuid, id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
  $$ SELECT m.tenant_id, m.id FROM mandate m WHERE m.state IN ('signed', 'active', 'suspended')
     AND coalesce(m.collected_on, m.signed_at::date) < day ORDER BY m.id LIMIT count $$;

REVOKE ALL ON FUNCTION directory_mandate, directory_due_debits, directory_lapsed_mandates FROM PUBLIC;
GRANT EXECUTE ON FUNCTION directory_mandate, directory_due_debits, directory_lapsed_mandates TO fleetline_app;
