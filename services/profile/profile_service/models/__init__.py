"""Models of what members will do, trained by jobs: spend (clv), silence (churn), next goods."""
