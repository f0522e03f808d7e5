require "action_controller/railtie"

class Shop < Rails::Application
  config.load_defaults 7.2
  config.eager_load = true
  config.hosts.clear
  config.logger = Logger.new($stdout)
  config.secret_key_base = ENV.fetch("SECRET_KEY_BASE") { SecureRandom.hex(64) }
  routes.append { root to: "greetings#show" }
end
