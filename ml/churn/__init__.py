"""Churn as pure models: features of a day, the seed's rules, the trained model, its reasons and its judges."""
