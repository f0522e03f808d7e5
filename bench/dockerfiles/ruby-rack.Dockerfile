ARG RUBY_RUN=ruby:3.3-slim
FROM ${RUBY_RUN}
RUN apt-get update && apt-get install -y --no-install-recommends ruby-rackup && apt-get clean && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY . .
USER 1000:1000
EXPOSE 8000
CMD ["rackup", "--host=0.0.0.0", "--port=8000"]
