"""dream-api: auth, billing, usage metering and plan limits for people who sell software."""
