document.body.textContent = "Hello from Vite by Bun";
