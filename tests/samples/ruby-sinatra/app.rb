require "sinatra"

set :host_authorization, { permitted_hosts: [] }

get "/" do
  "Hello from Sinatra"
end
