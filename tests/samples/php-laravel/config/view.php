<?php

return ['paths' => [base_path('views')], 'compiled' => '/tmp'];
