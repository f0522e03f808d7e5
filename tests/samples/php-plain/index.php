<?php

header('Content-Type: text/plain');
echo 'Hello from PHP at ' . parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
