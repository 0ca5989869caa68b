-- The payment of a hosted page, or of a payment at the service, by that one's own id.
CREATE FUNCTION directory_payment(key text) RETURNS TABLE (tenant_id uuid, id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
  $$ SELECT p.tenant_id, p.id FROM payment p WHERE (p.session_id = key AND p.session_id <> '')
     OR (p.intent_id = key AND p.intent_id <> '') LIMIT 1 $$;

-- Payments that have not ended and that nobody asked about since an instant, those that waited longest first.
CREATE FUNCTION directory_pending_payments(before timestamptz, count int) RETURNS TABLE (tenant_id uuid, id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
  $$ SELECT p.tenant_id, p.id FROM payment p
     WHERE p.state IN ('created', 'requires_action', 'processing', 'unknown') AND coalesce(p.checked_at, p.created_at) < before
     ORDER BY coalesce(p.checked_at, p.created_at), p.id LIMIT count $$;

REVOKE ALL ON FUNCTION directory_payment, directory_pending_payments FROM PUBLIC;
GRANT EXECUTE ON FUNCTION directory_payment, directory_pending_payments TO fleetline_app;
