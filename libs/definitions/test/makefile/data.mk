# Each day is a file, and make knows which of them are old.
DAYS := $(shell seq -w 1 31)
.PHONY: month upload
month: $(DAYS:%=day-%.csv)
day-%.csv: raw/%.json
	./clean $< > $@
summary.csv: month
	./sum day-*.csv > $@
upload: summary.csv
	aws s3 cp summary.csv s3://reports/
