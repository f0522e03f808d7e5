defmodule Shop.MixProject do
  use Mix.Project

  def project do
    [
      app: :shop,
      version: "0.1.0",
      elixir: "~> 1.14",
      deps: [{:phoenix, path: "vendor/phoenix"}],
      aliases: ["assets.deploy": ["cmd echo the styles of Shop > priv/static/app.css"]]
    ]
  end

  def application, do: [extra_applications: [:logger], mod: {Shop, []}]
end
