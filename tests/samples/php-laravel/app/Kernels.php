<?php

namespace App;

class HttpKernel extends \Illuminate\Foundation\Http\Kernel
{
}

class ConsoleKernel extends \Illuminate\Foundation\Console\Kernel
{
}

class Routes extends \Illuminate\Foundation\Support\Providers\RouteServiceProvider
{
    public function boot(): void
    {
        $this->routes(fn () => require base_path('routes/web.php'));
    }
}
