"""Station readings: tables of them, what may be used of each, and their means in the cells of a grid.

The way of a reading, module by module:

    files/           the file's rows as text, in whatever dress: packed, encoded, separated, below other lines
    forms/           which published form the table has, and what its columns mean
    source           what the user says of it; `resolve` puts both together
    station_table    rows with place, time, value, id: `filters`, `sites`, `wide`, `identity`, `table_times`
    numbers, days    what is written in a cell: numbers, coordinates, `decimal_signs`; times in `time_forms`, `date_order`, `counted_times`
    screening        what may be used, and why the rest is not: `repeats`, `clashes`, `suspicion`, told by `reading_report`
    readings         the result, `Observations`; of one day in `observations`, of a period part by part in `series`
    daily, gridding  means of days and hours, and of the cells of a grid
"""
