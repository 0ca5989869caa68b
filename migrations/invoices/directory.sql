-- The customer numbers of an enterprise among those that a document names: both have to be right.
CREATE FUNCTION directory_customers(enterprise text, numbers text[]) RETURNS TABLE (tenant_id uuid, id uuid, number text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
  $$ SELECT a.tenant_id, a.id, a.number FROM billing_account a
     JOIN organisation o ON o.tenant_id = a.tenant_id AND o.id = a.organisation_id
     WHERE o.enterprise_number = enterprise AND a.number = ANY(numbers) ORDER BY a.tenant_id, a.id $$;

REVOKE ALL ON FUNCTION directory_customers FROM PUBLIC;
GRANT EXECUTE ON FUNCTION directory_customers TO fleetline_app;
