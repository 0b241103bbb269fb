"""Every page there is, by who may see it; what must hold for each is tested over these lists."""

CONSOLE_PAGES = (
    "/dashboard",
    "/dashboard?days=365",
    "/dashboard/users",
    "/dashboard/users?q=nobody-of-this-name",
    "/dashboard/users/user_010",
    "/dashboard/tiers",
    "/dashboard/keys",
    "/dashboard/keys/create",
    "/dashboard/first-call",
    "/dashboard/webhooks",
    "/dashboard/settings",
    "/dashboard/billing",
    "/dashboard/account",
    "/dashboard?mode=test",
    "/setup",
    "/configure",
    "/api-tier-config",
    "/api-tier-config?mode=test",
    "/api-tier-config?stripe=state_expired",
)
OPEN_PAGES = (
    "/",
    "/sign-up",
    "/sign-up/verify",
    "/sign-in",
    "/forgot",
    "/reset",
    "/docs",
    "/errors/usage_limit_reached",
    "/dev/mailbox",
    "/p/{pk}/pricing",
    "/p/{pk}/sign-up",
    "/p/{pk}/sign-in",
    "/p/{pk}/forgot",
    "/p/{pk}/reset",
)
END_USER_PAGES = (
    "/p/{pk}/pricing",
    "/p/{pk}/account",
)
