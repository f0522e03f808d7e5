ARG RUBY_RUN=ruby:3.3-slim
FROM ${RUBY_RUN}
RUN apt-get update && apt-get install -y --no-install-recommends puma ruby-rackup ruby-sinatra && apt-get clean && rm -rf /var/lib/apt/lists/*
ENV RACK_ENV=production
WORKDIR /app
COPY . .
USER 1000:1000
EXPOSE 8000
CMD ["puma", "--bind=tcp://0.0.0.0:8000"]
