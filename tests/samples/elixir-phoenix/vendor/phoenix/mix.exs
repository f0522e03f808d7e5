# Stands where Phoenix would, whose packages come from Hex: enough of an endpoint to answer.
defmodule Phoenix.MixProject do
  use Mix.Project

  def project, do: [app: :phoenix, version: "1.8.0", elixir: "~> 1.14"]
  def application, do: [extra_applications: [:logger]]
end
