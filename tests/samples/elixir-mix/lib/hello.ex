defmodule Hello do
  use Application

  def start(_type, _args) do
    children = [{Task, fn -> serve(String.to_integer(System.fetch_env!("PORT"))) end}]
    Supervisor.start_link(children, strategy: :one_for_one)
  end

  def serve(port) do
    {:ok, listener} = :gen_tcp.listen(port, [:binary, packet: :http_bin, active: false, reuseaddr: true])
    loop(listener)
  end

  defp loop(listener) do
    {:ok, socket} = :gen_tcp.accept(listener)
    Task.start(fn -> answer(socket) end)
    loop(listener)
  end

  defp answer(socket) do
    read_head(socket)
    text = "Hello from Elixir"
    :ok = :inet.setopts(socket, packet: :raw)
    head = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: #{byte_size(text)}\r\n\r\n"
    :gen_tcp.send(socket, head <> text)
    :gen_tcp.close(socket)
  end

  defp read_head(socket) do
    {:ok, part} = :gen_tcp.recv(socket, 0, 5_000)
    if part != :http_eoh, do: read_head(socket)
  end
end
