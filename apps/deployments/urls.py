"""Addresses of projects, services and deployments."""

from __future__ import annotations

from apps.deployments import views, views_home, views_network, views_new, views_service
from apps.lib.urls import page

urlpatterns = [
    page("", views_home.home, name="home"),
    page("hosts", views_home.hosts, name="hosts"),
    page("projects/<uuid:project_id>", views_home.project, name="project"),
    page("projects/<uuid:project_id>/delete", views_home.project_delete, name="project-delete"),
    page("new", views_new.new_service, name="new-service"),
    page("new/deploy", views_new.new_service_deploy, name="new-service-deploy"),
    page("services/<uuid:service_id>", views_service.service, name="service"),
    page("services/<uuid:service_id>/deployments", views_service.service_deployments, name="deployments"),
    page("services/<uuid:service_id>/deploy", views_service.service_deploy, name="service-deploy"),
    page("services/<uuid:service_id>/resume", views_service.service_resume, name="service-resume"),
    page("services/<uuid:service_id>/logs", views_service.service_logs, name="service-logs"),
    page("services/<uuid:service_id>/log", views_service.service_log, name="service-log"),
    page("services/<uuid:service_id>/delete", views_service.service_delete, name="service-delete"),
    page("services/<uuid:service_id>/domains", views_network.domains, name="domains"),
    page("domains/<uuid:domain_id>/remove", views_network.domain_remove, name="domain-remove"),
    page("services/<uuid:service_id>/volumes", views_network.volumes, name="volumes"),
    page("volumes/<uuid:volume_id>/discard", views_network.volume_discard, name="volume-discard"),
    page("deployments/<uuid:deployment_id>", views.deployment, name="deployment"),
    page("deployments/<uuid:deployment_id>/log", views.deployment_log, name="deployment-log"),
    page("deployments/<uuid:deployment_id>/cancel", views.deployment_cancel, name="deployment-cancel"),
    page("deployments/<uuid:deployment_id>/again", views.deployment_again, name="deployment-again"),
    page("releases/<uuid:release_id>/rollback", views.release_rollback, name="release-rollback"),
]
