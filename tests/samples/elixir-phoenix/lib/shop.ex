defmodule Shop do
  use Application

  def start(_type, _args) do
    "true" = Application.fetch_env!(:shop, :serves)
    port = Application.fetch_env!(:shop, :port)
    Supervisor.start_link([{Phoenix.Endpoint, port: port, answer: &answer/1}], strategy: :one_for_one)
  end

  def answer("/app.css"), do: File.read!(Application.app_dir(:shop, "priv/static/app.css"))
  def answer(_path), do: Application.fetch_env!(:shop, :greeting)
end
