class GreetingsController < ActionController::Base
  def show
    render plain: "Hello from Rails #{Rails::VERSION::MAJOR}"
  end
end
