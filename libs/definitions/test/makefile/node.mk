BIN = node_modules/.bin
.PHONY: default test/unit test-unit watch
default: dist/index.js test/unit
dist/index.js: src/index.ts node_modules
	$(BIN)/tsc
node_modules: package-lock.json
	npm ci
	touch $@
test/unit: node_modules
	node --test
test-unit: test/unit
watch:
	$(BIN)/tsc --watch
