<?php

namespace Greeting;

class Words
{
    public const HELLO = 'Hello from Composer';
}
