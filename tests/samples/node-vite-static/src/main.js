document.querySelector("#app").textContent = `Hello from Vite ${import.meta.env.VITE_GREETING ?? ""}`;
