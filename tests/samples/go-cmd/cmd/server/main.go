package main

import (
	"log"
	"net/http"
	"os"

	"example.com/shop/internal/greeting"
	"github.com/go-chi/chi/v5"
)

func main() {
	router := chi.NewRouter()
	router.Get("/", func(w http.ResponseWriter, r *http.Request) {
		w.Write([]byte(greeting.Text("chi")))
	})
	log.Fatal(http.ListenAndServe("0.0.0.0:"+os.Getenv("PORT"), router))
}
