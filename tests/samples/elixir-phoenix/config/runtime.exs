import Config

config :shop, port: String.to_integer(System.fetch_env!("PORT")), serves: System.get_env("PHX_SERVER")
