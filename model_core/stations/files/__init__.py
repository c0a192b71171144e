"""Files that hold tables of readings or stations: text, spreadsheets, Parquet and vector layers, compressed or not."""
