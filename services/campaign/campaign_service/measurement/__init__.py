"""What a campaign brought: redemptions, revenue, and both arms compared."""
