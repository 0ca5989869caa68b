"""The scope of the operator itself: what came in and belongs to no company, or not yet.

It is bound by the same policies as the scope of a company: neither sees a row of the other.
"""

from uuid import UUID

from tenants.scope import TenantId

# No row of `tenant` has it
OPERATOR_SCOPE = TenantId(UUID(int=1))
