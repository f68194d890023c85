VENV ?= .venv
ifeq ($(OS),Windows_NT)
PYTHON = $(VENV)/Scripts/python
else
PYTHON = $(VENV)/bin/python
endif

.PHONY: check format test docs
$(VENV)/bin/activate: requirements.txt
	python3 -m venv $(VENV)
check: format test
format: $(VENV)/bin/activate
	$(PYTHON) -m black --check src
test: $(VENV)/bin/activate
	$(PYTHON) -m pytest
docs:
	$(MAKE) -C docs html
