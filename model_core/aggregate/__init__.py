"""Aggregation: means, percentiles and exceedance days of daily fields over months, seasons and years, set against limits."""
