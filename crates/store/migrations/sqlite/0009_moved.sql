DROP TABLE readings_before;
DROP TABLE hourly;
