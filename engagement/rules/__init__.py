"""Pure rules of reviews and reminders, by noun: ``business_days``, ``cadence``, ``scheduling``, ``slots``,
``wall_time``, ``reminders`` and ``reviews``. Plain values in, plain values out; no Django, no clock, no database."""
