-- The customer numbers of an enterprise among those that a document names: both have to be right.
CREATE FUNCTION directory_customers(enterprise text, numbers text[]) RETURNS TABLE (tenant_id uuid, id uuid, number text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
  $$ SELECT a.tenant_id, a.id, a.number FROM billing_account a
     JOIN organisation o ON o.tenant_id = a.tenant_id AND o.id = a.organisation_id
     WHERE o.enterprise_number = enterprise AND a.number = ANY(numbers) ORDER BY a.tenant_id, a.id $$;

-- The invoices that have a structured communication, the open ones first.
CREATE FUNCTION directory_communication(key text) RETURNS TABLE (tenant_id uuid, id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
  $$ SELECT i.tenant_id, i.id FROM invoice i WHERE i.structured = key AND i.structured <> '' AND i.books_as = 'demand'
     ORDER BY i.open_cents > 0 DESC, i.issued_on, i.id LIMIT 50 $$;

-- The open invoices that a payment may be for: its text names the communication or the number of one; or the amount is what
-- is open, and its text names the customer number, or its payer has the name of the buyer. Two are as many as too many.
CREATE FUNCTION directory_open_invoices(cents bigint, payer text, words text[]) RETURNS TABLE (tenant_id uuid, id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
  $$ SELECT i.tenant_id, i.id FROM invoice i WHERE i.books_as = 'demand' AND i.open_cents > 0
     AND (i.structured = ANY(words) AND i.structured <> '' OR i.number = ANY(words) OR i.open_cents = cents
       AND (i.account = ANY(words) OR payer <> ''
         AND regexp_replace(normalize(lower(i.buyer_name), NFKD), '[^a-z0-9]', '', 'g') = payer))
     ORDER BY i.id LIMIT 2 $$;

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

REVOKE ALL ON FUNCTION directory_customers, directory_communication, directory_open_invoices, directory_payment,
  directory_pending_payments, directory_mandate, directory_due_debits, directory_lapsed_mandates FROM PUBLIC;
GRANT EXECUTE ON FUNCTION directory_customers, directory_communication, directory_open_invoices, directory_payment,
  directory_pending_payments, directory_mandate, directory_due_debits, directory_lapsed_mandates TO fleetline_app;
