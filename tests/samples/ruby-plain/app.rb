require "socket"

server = TCPServer.new("0.0.0.0", Integer(ENV.fetch("PORT")))
Signal.trap("TERM") { exit }
loop do
  Thread.new(server.accept) do |client|
    text = "Hello from Ruby"
    client.readpartial(4096)
    client.write("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: #{text.size}\r\n\r\n#{text}")
  rescue EOFError
    # Somebody only looked whether the port is open.
  ensure
    client.close
  end
end
