IMAGE := registry.example.com/shop
.DEFAULT_GOAL := help
.PHONY: help image push
.PHONY: up \
        down
help: ## This text
	@grep -E '^[a-z-]+:.*?## ' $(MAKEFILE_LIST)
image: ## Builds the image
	docker build -t $(IMAGE) .
push: image ## Pushes the image
	docker push $(IMAGE)
up: image
	docker compose up -d
down:
	docker compose down
