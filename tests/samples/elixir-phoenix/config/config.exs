import Config

config :shop, greeting: "Hello from Phoenix's place"

import_config "#{config_env()}.exs"
