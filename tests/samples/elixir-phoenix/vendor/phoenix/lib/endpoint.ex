defmodule Phoenix.Endpoint do
  use Task

  def start_link(options), do: Task.start_link(__MODULE__, :serve, [options[:port], options[:answer]])

  def serve(port, answer) do
    {:ok, listener} = :gen_tcp.listen(port, [:binary, packet: :http_bin, active: false, reuseaddr: true])
    loop(listener, answer)
  end

  defp loop(listener, answer) do
    {:ok, socket} = :gen_tcp.accept(listener)
    Task.start(fn -> respond(socket, answer) end)
    loop(listener, answer)
  end

  defp respond(socket, answer) do
    {:ok, {:http_request, _method, {:abs_path, path}, _version}} = :gen_tcp.recv(socket, 0, 5_000)
    read_head(socket)
    text = answer.(path)
    :ok = :inet.setopts(socket, packet: :raw)
    :gen_tcp.send(socket, "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: #{byte_size(text)}\r\n\r\n#{text}")
    :gen_tcp.close(socket)
  end

  defp read_head(socket) do
    {:ok, part} = :gen_tcp.recv(socket, 0)
    if part != :http_eoh, do: read_head(socket)
  end
end
