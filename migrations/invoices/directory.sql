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

REVOKE ALL ON FUNCTION directory_customers, directory_communication, directory_open_invoices FROM PUBLIC;
GRANT EXECUTE ON FUNCTION directory_customers, directory_communication, directory_open_invoices TO fleetline_app;
