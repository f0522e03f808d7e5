<?php

namespace Shop;

use Greeting\Words;

class Page
{
    public function text(): string
    {
        return Words::HELLO;
    }
}
