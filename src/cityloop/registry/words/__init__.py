"""Words as offices write them: limits, holidays, readings, scripts."""
