"""How values are said: numbers, money, dates, hours and figures, in words on the telephone and in figures in writing."""
